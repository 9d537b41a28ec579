/** What a GitProvider lets the operator ask of its hosts. */
import { z } from 'zod'
import { withRule } from './rules.ts'

const whole = (description: string, min: number, max: number): z.ZodInt =>
  z.int().min(min).max(max).meta({ description })

const requests = z
  .object({
    perMinute: whole(
      'Requests per minute with one credential, evenly spaced. Every HTTP request counts.',
      1,
      100_000,
    ).optional(),
    burst: whole(
      'Requests that may follow at once after a pause, on top: in any 60 seconds there are at most perMinute + burst. 0 when left out.',
      0,
      100_000,
    ).optional(),
    concurrency: whole(
      'Requests under way, and pushes being made, at once with one credential. 4 when left out.',
      1,
      64,
    ).optional(),
  })
  .meta({ description: 'Requests. No limit when left out, but for what is built in for the type.' })

export const requestsSchema = withRule(requests, {
  cel: '!has(self.burst) || has(self.perMinute)',
  test: ({ burst, perMinute }) => burst === undefined || perMinute !== undefined,
  message: 'burst needs perMinute beside it',
})

export const pushesSchema = z
  .object({
    perMinutePerRepository: whole('Pushes to one repository in any 60 seconds, evenly spaced.', 1, 1_000).optional(),
  })
  .meta({ description: 'Pushes. No limit when left out, but for what is built in for the type.' })

const bytes = z
  .object({
    perPush: whole('Bytes of one push. What is larger becomes several.', 65_536, 2_147_483_647).optional(),
    perHour: z
      .int()
      .min(65_536)
      .max(1_099_511_627_776)
      .meta({ description: 'Bytes of all pushes with one credential within any hour.', format: 'int64' })
      .optional(),
  })
  .meta({ description: 'Bytes that are sent. No limit when left out, but for what is built in for the type.' })

export const bytesSchema = withRule(bytes, {
  cel: '!has(self.perPush) || !has(self.perHour) || self.perPush <= self.perHour',
  test: ({ perPush, perHour }) => perPush === undefined || perHour === undefined || perPush <= perHour,
  message: 'perHour must not be less than perPush',
})

const HOST_TYPES = ['GitHub', 'GitLab', 'Gitea', 'Forgejo', 'Gerrit', 'Bitbucket', 'AzureDevOps', 'Generic'] as const
export type HostType = (typeof HOST_TYPES)[number]

export const hostTypeSchema = z.enum(HOST_TYPES).meta({
  description:
    'What the hosts run: decides the limits that are built in, and how pull requests are made. When left out, known hosts have theirs, and others none.',
})
