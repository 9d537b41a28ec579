/**
 * A page with the text between its markers `<!-- generated: NAME -->` and `<!-- end -->` replaced.
 * @throws when the page has no such markers
 */
export function withPart(page: string, name: string, text: string): string {
  const begin = `<!-- generated: ${name} -->\n`
  const start = page.indexOf(begin)
  const end = page.indexOf('<!-- end -->', start)
  if (start < 0 || end < 0) throw new Error(`the page has no ${begin.trim()} … <!-- end -->`)
  return `${page.slice(0, start + begin.length)}\n${text}\n${page.slice(end)}`
}
