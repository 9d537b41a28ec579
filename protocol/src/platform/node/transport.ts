export { undiciTransport, undiciTransport as defaultTransport } from '../../client/http/undici-transport.ts'
