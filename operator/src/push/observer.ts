import type { PushFailure } from './failure.ts'

/** Told of what happens on the way to Git. */
export interface PushObserver {
  /** One attempt to bring a branch up to date has ended; `seconds` without the wait for a free slot. */
  attempted?(attempt: {
    readonly host: string
    readonly result: 'pushed' | 'unchanged' | 'failed'
    readonly seconds: number
  }): void
  /** A member's changes are not in Git for now. */
  failed?(failed: { readonly host: string; readonly member: string; readonly failure: PushFailure }): void
  /** Somebody else was faster, and the push is made again. */
  raced?(host: string): void
  /** Somebody else has changed a member's folder. */
  drifted?(member: string): void
  /** A commit that was in the branch's history is there no more. */
  rewritten?(rewritten: { readonly member: string; readonly missing: string; readonly tip: string | null }): void
}
