/** Where the webhook serves what. Behind the second comes a token. */
export const STAMP_PATH = '/stamp'
export const DELETED_PATH = '/deleted/'
export const AUDIT_PATH = '/audit'
