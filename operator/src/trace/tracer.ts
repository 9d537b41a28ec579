/** A span as others name it: W3C Trace Context. */
export interface SpanContext {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
}

export type Attributes = Readonly<Record<string, string | number | boolean>>

export interface SpanOptions {
  /** Default none: a trace of its own. */
  readonly parent?: SpanContext | undefined
  /** What led to it without being its parent. */
  readonly links?: readonly SpanContext[]
  readonly attributes?: Attributes
  /** Milliseconds since the epoch; default now. */
  readonly startedAt?: number
  /** Whether it is the other side that does the work. Default false. */
  readonly isClient?: boolean
}

export interface Span {
  readonly context: SpanContext
  set(attributes: Attributes): void
  /** @param reason a word from a closed list: messages may hold what is nobody's business */
  fail(reason: string): void
  end(): void
}

/** Traces where an edit's time goes on its way into Git. */
export interface Tracer {
  readonly isEnabled: boolean
  start(name: string, options?: SpanOptions): Span
  /** Runs work with the span as `current`, there and in all that it begins. */
  within<T>(span: Span, work: () => T): T
  /** The span around the caller. */
  current(): SpanContext | undefined
  /** Sends what has not been sent yet. */
  stop(): Promise<void>
}

const NOWHERE: SpanContext = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 }
const NO_SPAN: Span = { context: NOWHERE, set: () => undefined, fail: () => undefined, end: () => undefined }

/** Traces nothing, at no cost. */
export const NO_TRACER: Tracer = {
  isEnabled: false,
  start: () => NO_SPAN,
  within: (_span, work) => work(),
  current: () => undefined,
  stop: () => Promise.resolve(),
}
