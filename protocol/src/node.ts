/**
 * `@gitsync/protocol/node`: what needs a disk.
 * @module
 */
export { diskStore } from './client/cache/disk-store.ts'
export type { DiskStoreOptions } from './client/cache/disk-store.ts'
