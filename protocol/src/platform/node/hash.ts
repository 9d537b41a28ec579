/** The two hash functions of Git: `hashOnce` for what lies in memory, `createHash` for what streams by. */
export { createHash, hash as hashOnce } from 'node:crypto'
