import { expect, test } from 'vitest'
import { readableTexts } from './readable-texts.ts'

test('texts are what people read: no binary files, none above 1 MiB, and no more than 4 MiB of them', () => {
  const megabyte = Buffer.alloc(1 << 20, 'x')
  const contents = new Map([
    ['plain', Buffer.from('Grüße')],
    ['binary', Buffer.from('a\0b')],
    ['latin 1', Buffer.from('Grüße', 'latin1')],
    ['large', Buffer.concat([megabyte, megabyte])],
    ...['1', '2', '3', '4', '5'].map((name) => [name, megabyte] as const),
    ['small', Buffer.from('small')],
  ])
  expect([...readableTexts(contents).keys()]).toEqual(['plain', '1', '2', '3', 'small'])
})
