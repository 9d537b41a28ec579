import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../process/index.ts'

export interface Certificates {
  /** Paths of PEM files. */
  readonly ca: string
  readonly serving: KeyPair
  /** Client certificate of CN=admin, O=system:masters. */
  readonly admin: KeyPair
  /** Key that signs the tokens of ServiceAccounts, and its public half. */
  readonly serviceAccount: { readonly key: string; readonly publicKey: string }
}

export interface KeyPair {
  /** Paths of PEM files. */
  readonly cert: string
  readonly key: string
}

export interface CertificateAuthority {
  /** Path of its PEM file. */
  readonly ca: string
  /** Issues a certificate; `subject` as openssl writes it, `extensions` as lines of its configuration. */
  issue(name: string, subject: string, extensions: string): Promise<KeyPair>
}

/** Makes a certificate authority in `dir`, where the files of all that it issues are too. Needs openssl. */
export async function createAuthority(dir: string): Promise<CertificateAuthority> {
  const at = (file: string): string => join(dir, file)
  const openssl = (line: string): Promise<unknown> => run('openssl', line.split(' '), { cwd: dir })
  const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
  // Without a configuration of our own, openssl reads the machine's, which may add extensions.
  await writeFile(at('openssl.cnf'), '[req]\ndistinguished_name = name\n[name]\n')
  const request = `req -config openssl.cnf ${newKey}`
  const authority = '-addext basicConstraints=critical,CA:TRUE -addext subjectKeyIdentifier=hash'
  await openssl(`${request} -x509 -days 30 -subj /CN=test-ca ${authority} -keyout ca.key -out ca.crt`)
  return {
    ca: at('ca.crt'),
    async issue(name, subject, extensions) {
      await writeFile(at(`${name}.ext`), extensions)
      await openssl(`${request} -new -subj ${subject} -keyout ${name}.key -out ${name}.csr`)
      const signer = '-CA ca.crt -CAkey ca.key -CAcreateserial -days 30'
      await openssl(`x509 -req -in ${name}.csr ${signer} -extfile ${name}.ext -out ${name}.crt`)
      return { cert: at(`${name}.crt`), key: at(`${name}.key`) }
    },
  }
}

/** Makes, in `dir`, the key with which the tokens of ServiceAccounts are signed. */
export async function createTokenKey(dir: string): Promise<{ readonly key: string; readonly publicKey: string }> {
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const [key, publicKey] = [join(dir, 'service-account.key'), join(dir, 'service-account.pub')]
  await writeFile(key, pair.privateKey)
  await writeFile(publicKey, pair.publicKey)
  return { key, publicKey }
}

/** Makes, in `dir`, a certificate authority and what one API server on 127.0.0.1 needs. Needs openssl. */
export async function makeCertificates(dir: string): Promise<Certificates> {
  const authority = await createAuthority(dir)
  const serving = await authority.issue(
    'serving',
    '/CN=kube-apiserver',
    'subjectAltName = IP:127.0.0.1, DNS:localhost, DNS:kubernetes.default.svc\nextendedKeyUsage = serverAuth\n',
  )
  const admin = await authority.issue('admin', '/O=system:masters/CN=admin', 'extendedKeyUsage = clientAuth\n')
  return { ca: authority.ca, serving, admin, serviceAccount: await createTokenKey(dir) }
}
