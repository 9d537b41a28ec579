import type { Holder } from './holder.ts'
import { post } from './post.ts'

/** Where push webhooks arrive. */
const PUSH_PATH = '/push'

/**
 * Passes a push webhook on to the holder, which judges it as if it had come there. Once: whoever takes over looks at every branch
 * anyway.
 * @param signature of the body, as in `X-Hub-Signature-256`
 * @returns whether the holder has taken it
 */
export async function relayPush(holder: Holder, body: Buffer, signature: string): Promise<boolean> {
  const address = holder.addressOf('pushHooks')
  if (address === undefined) return false
  const headers = { 'content-type': 'application/json', 'x-hub-signature-256': signature }
  return post(address, { path: PUSH_PATH, headers, body }).then(
    () => true,
    () => false,
  )
}
