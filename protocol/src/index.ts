/**
 * `@gitsync/protocol`: read and edit Git repositories over Smart HTTP, without cloning them.
 * @module
 */
export { openRepository, Repository } from './client/repository.ts'
export type { FileContent, RepositoryOptions, Revision } from './client/repository.ts'
export { Edit } from './client/edit.ts'
export type { CommitOptions, PushOutcome } from './client/edit.ts'
export { Snapshot } from './client/snapshot.ts'
export type { ListedEntry } from './client/snapshot.ts'
export type { Ref } from './client/ls-refs.ts'
export type { Advertisement } from './client/discovery.ts'
export type { Credentials, RequestRecord, Traffic } from './client/remote.ts'
export type { Limits } from './client/limits.ts'
export type { Transport, TransportRequest, TransportResponse } from './client/transport.ts'
export { undiciTransport } from './client/undici-transport.ts'
export type { UndiciTransportOptions } from './client/undici-transport.ts'
export { GitError, isGitError } from './format/errors.ts'
export type { Advice, GitErrorCode, GitErrorDetails } from './format/errors.ts'
export type { Identity } from './format/identity.ts'
export { blobId, SHA1, SHA256 } from './format/object-id.ts'
export type { ObjectFormat, ObjectId } from './format/object-id.ts'
export { buildTrees } from './format/build-trees.ts'
export { formatMode, Mode } from './format/tree.ts'
