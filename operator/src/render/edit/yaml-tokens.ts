/** What the tokens of the package `yaml` say of one entry of a collection. */
export interface SourceToken {
  readonly type: string
  readonly offset: number
  readonly source?: string
}

export interface CollectionItem {
  readonly start: readonly SourceToken[]
  readonly key?: unknown
  readonly sep?: readonly SourceToken[]
  readonly value?: unknown
}
