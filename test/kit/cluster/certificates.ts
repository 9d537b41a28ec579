import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../process/index.ts'

export interface Certificates {
  /** Paths of PEM files. */
  readonly ca: string
  readonly serving: { readonly cert: string; readonly key: string }
  /** Client certificate of CN=admin, O=system:masters. */
  readonly admin: { readonly cert: string; readonly key: string }
  /** Key that signs the tokens of ServiceAccounts, and its public half. */
  readonly serviceAccount: { readonly key: string; readonly publicKey: string }
}

/** Makes, in `dir`, a certificate authority and what one API server on 127.0.0.1 needs. Needs openssl. */
export async function makeCertificates(dir: string): Promise<Certificates> {
  const at = (file: string): string => join(dir, file)
  const openssl = (line: string): Promise<unknown> => run('openssl', line.split(' '), { cwd: dir })
  const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
  // Without a configuration of our own, openssl reads the machine's, which may add extensions.
  await writeFile(at('openssl.cnf'), '[req]\ndistinguished_name = name\n[name]\n')
  const request = `req -config openssl.cnf ${newKey}`
  const authority = '-addext basicConstraints=critical,CA:TRUE -addext subjectKeyIdentifier=hash'
  await openssl(`${request} -x509 -days 30 -subj /CN=test-ca ${authority} -keyout ca.key -out ca.crt`)
  const issue = async (name: string, subject: string, extensions: string): Promise<{ cert: string; key: string }> => {
    await writeFile(at(`${name}.ext`), extensions)
    await openssl(`${request} -new -subj ${subject} -keyout ${name}.key -out ${name}.csr`)
    const signer = '-CA ca.crt -CAkey ca.key -CAcreateserial -days 30'
    await openssl(`x509 -req -in ${name}.csr ${signer} -extfile ${name}.ext -out ${name}.crt`)
    return { cert: at(`${name}.crt`), key: at(`${name}.key`) }
  }
  const serving = await issue(
    'serving',
    '/CN=kube-apiserver',
    'subjectAltName = IP:127.0.0.1, DNS:localhost, DNS:kubernetes.default.svc\nextendedKeyUsage = serverAuth\n',
  )
  const admin = await issue('admin', '/O=system:masters/CN=admin', 'extendedKeyUsage = clientAuth\n')
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  await writeFile(at('service-account.key'), pair.privateKey)
  await writeFile(at('service-account.pub'), pair.publicKey)
  return {
    ca: at('ca.crt'),
    serving,
    admin,
    serviceAccount: { key: at('service-account.key'), publicKey: at('service-account.pub') },
  }
}
