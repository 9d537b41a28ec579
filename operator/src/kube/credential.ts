/** What one request carries. */
export interface Credential {
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** Client certificate chain and key, PEM. */
  readonly cert?: string
  readonly key?: string
}

export interface CredentialSource {
  /** @throws KubeError `Unauthorized`, `Configuration` */
  get(): Promise<Credential>
  /** Tells that the server refused the credential (401). @returns whether asking again may give another one */
  invalidate(): boolean
}
