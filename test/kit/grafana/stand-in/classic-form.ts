import type { Answer } from '../ask.ts'
import type { Spec } from './store.ts'

export const problem = (status: number, message: string, more: object = {}): Answer => ({
  status,
  body: { message, ...more },
})
export const forbidden = (right: string): Answer =>
  problem(403, `You'll need additional permissions to perform this action. Permissions needed: ${right}`, {
    title: 'Access denied',
  })
export const ok = (body: unknown): Answer => ({ status: 200, body })
export const slug = (title: string): string => title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
export const title = (spec: Spec): string => String(spec['title'])
