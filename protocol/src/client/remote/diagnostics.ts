interface Channel {
  publish(message: unknown): void
}

/**
 * Tells whoever subscribed with `node:diagnostics_channel` to `gitsync:request:start`, `:end` and `:error`; nobody where
 * the runtime has no such thing.
 */
export function publish(event: 'start' | 'end' | 'error', message: object): void {
  channelOf(event)?.publish(message)
}

const channels = new Map<string, Channel | undefined>()

function channelOf(event: string): Channel | undefined {
  if (!channels.has(event)) {
    // Bundles for other runtimes must not import it.
    const builtin = globalThis.process?.getBuiltinModule?.('diagnostics_channel')
    channels.set(event, builtin?.channel(`gitsync:request:${event}`))
  }
  return channels.get(event)
}
