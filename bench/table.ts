/** A Markdown table; numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
  const rule = head.map((_, column) =>
    rows.every((row) => typeof row[column] !== 'string' || /^([\d.,<]+|$)/.test(row[column])) ? '---:' : '---',
  )
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

export const kb = (bytes: number): string => (bytes / 1000).toFixed(bytes < 10_000 ? 2 : bytes < 100_000 ? 1 : 0)
export const mb = (bytes: number): string => (bytes / 1e6).toFixed(0)
export const ratio = (a: number, b: number): string => `${(a / b).toFixed(a / b < 10 ? 1 : 0)}×`

export const grouped = (count: number): string => count.toLocaleString('en-US')
