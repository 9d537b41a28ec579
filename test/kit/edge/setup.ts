import { Buffer } from '../../../protocol/src/platform/edge/buffer.ts'

// What the edge bundle has in the place of Node's own.
Object.assign(globalThis, { Buffer })
