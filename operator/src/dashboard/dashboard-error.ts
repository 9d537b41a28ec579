/** A Dashboard that cannot be made a file. */
export class DashboardError extends Error {
  override readonly name = 'DashboardError'
  readonly code = 'InvalidDashboard'
}
