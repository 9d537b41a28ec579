/**
 * `@gitsync/protocol/testing`: tests of what uses the engine, without a server and without git.
 * @module
 */
export { memoryRemote } from './memory-remote.ts'
export type { MemoryRemote, MemoryRemoteOptions } from './memory-remote.ts'
export type { OnPush, PushedRef } from './memory/receive-pack.ts'
export type { StoredObject } from './memory/store.ts'
export { fakeTransport } from './fake-transport.ts'
export type { Answer, FakeTransport, ScriptStep } from './fake-transport.ts'
export type { SeenRequest } from './seen-request.ts'
export {
  capabilitiesAnswer,
  errorAnswer,
  oldRefsAnswer,
  packAnswer,
  refsAnswer,
  reportAnswer,
  sideBandPackets,
} from './answers.ts'
export type { ListedRef } from './answers.ts'
export { DELIMITER, FLUSH, packetLine } from '../format/packet-line.ts'
