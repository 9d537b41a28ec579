export type { Access, Authorizer, Right, Verdict } from './access/authorizer.ts'
export { loopbackOnly } from './access/authorizer.ts'
export { tokens } from './access/tokens.ts'
export { GitServer } from './git-server.ts'
export type { GitServerOptions } from './git-server.ts'
export type { MaintenanceOptions } from './maintenance/maintenance.ts'
export { handle } from './http/handle.ts'
export type { HttpAnswer, HttpRequest } from './http/request.ts'
export { httpListener } from './listeners/http.ts'
export { openFilesystemStore } from './store/filesystem-store.ts'
export type { FilesystemStore } from './store/filesystem-store.ts'
export { openS3Store } from './store/s3-store.ts'
export type { S3Location, S3Store, S3StoreOptions } from './store/s3-store.ts'
export { memoryStore } from './store/memory-store.ts'
export type {
  KeptPack,
  RepositoryState,
  RepositoryStore,
  RetiredPack,
  StagedPack,
  StoredRef,
} from './store/repository-store.ts'
