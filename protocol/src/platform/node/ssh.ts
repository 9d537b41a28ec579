export { SshConnection } from '../../client/ssh/connection.ts'
