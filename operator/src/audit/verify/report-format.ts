/** What a report says that it is; another shape gets another version. */
export const REPORT_FORMAT = 'gitsync.dev/audit-report/v1'
