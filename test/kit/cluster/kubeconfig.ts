import { readFile, writeFile } from 'node:fs/promises'

export interface KubeconfigOptions {
  readonly url: string
  readonly user: string
  /** Path of the certificate authority's PEM file. */
  readonly ca: string
  readonly login: { readonly token: string } | { readonly cert: string; readonly key: string }
}

/**
 * Writes a kubeconfig with everything inside, so that it works wherever it is copied to. JSON, which is YAML too.
 *
 * Source: kubernetes.io, kubeconfig (v1).
 */
export async function writeKubeconfig(path: string, options: KubeconfigOptions): Promise<void> {
  const { url, user, login } = options
  const inline = async (file: string): Promise<string> => (await readFile(file)).toString('base64')
  const credentials =
    'token' in login
      ? { token: login.token }
      : { 'client-certificate-data': await inline(login.cert), 'client-key-data': await inline(login.key) }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority-data': await inline(options.ca) } }],
    users: [{ name: user, user: credentials }],
    contexts: [{ name: user, context: { cluster: 'test', user, namespace: 'default' } }],
    'current-context': user,
  }
  await writeFile(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 })
}
