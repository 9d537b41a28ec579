export interface SettingsOptions {
  readonly port: number
  /** Folder for everything that it writes. */
  readonly data: string
  /** Of the administrator, whose name is `admin`. */
  readonly password: string
}

/**
 * Configuration of a Grafana that listens on loopback, reaches nobody and writes only below its data folder.
 *
 * Source: grafana.com/docs, "Configure Grafana".
 */
export function settings({ port, data, password }: SettingsOptions): string {
  const sections: Record<string, Record<string, string | number | boolean>> = {
    paths: { data, logs: `${data}/log`, plugins: `${data}/plugins`, provisioning: `${data}/provisioning` },
    server: { protocol: 'http', http_addr: '127.0.0.1', http_port: port },
    database: { type: 'sqlite3', path: 'grafana.db', wal: true },
    analytics: { reporting_enabled: false, check_for_updates: false, check_for_plugin_updates: false },
    security: { admin_user: 'admin', admin_password: password, disable_gravatar: true },
    users: { allow_sign_up: false },
    alerting: { enabled: false },
    // Nothing is evaluated: what the rules say is read alone.
    unified_alerting: { enabled: true, execute_alerts: false },
    news: { news_feed_enabled: false },
    plugins: { plugin_admin_enabled: false },
    feature_toggles: { enable: 'nestedFolders' },
    log: { mode: 'console', level: 'warn' },
  }
  return Object.entries(sections)
    .map(([name, values]) => {
      const lines = Object.entries(values).map(([key, value]) => `${key} = ${value}\n`)
      return `[${name}]\n${lines.join('')}`
    })
    .join('\n')
}
