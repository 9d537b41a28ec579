/** A user as the API server knows them: authentication.k8s.io/v1, UserInfo. */
export interface KubeUser {
  readonly username: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}
