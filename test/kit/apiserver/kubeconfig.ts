export interface KubeconfigUser {
  /** Name of the user entry; default `admin`. */
  readonly name?: string
  /** Bearer token; without one the server takes the user for a member of system:masters. */
  readonly token?: string
  /** Namespace of the context; default `default`. */
  readonly namespace?: string
}

/** A kubeconfig for one server and one user, as YAML. */
export function kubeconfig(server: string, user: KubeconfigUser = {}): string {
  const { name = 'admin', token, namespace = 'default' } = user
  const quoted = JSON.stringify
  return `apiVersion: v1
kind: Config
clusters:
  - name: embedded
    cluster:
      server: ${quoted(server)}
users:
  - name: ${quoted(name)}
    user: ${token === undefined ? '{}' : `{token: ${quoted(token)}}`}
contexts:
  - name: embedded
    context: {cluster: embedded, user: ${quoted(name)}, namespace: ${quoted(namespace)}}
current-context: embedded
`
}
