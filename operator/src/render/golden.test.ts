/**
 * The printed form of objects is checked in: an upgrade of the operator or of a library that prints anything differently would
 * rewrite every file of every GitSync.
 */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { parseExact } from '../objects/exact-json.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { renderObject } from './render.ts'
import { NASTY_STRINGS } from './testing/samples.ts'

const GOLDEN = new URL('testing/golden/', import.meta.url)

const object = {
  ...(parseExact(`{"kind":"Sample","apiVersion":"example.com/v1",
  "metadata":{"name":"sample","namespace":"shop","uid":"u","labels":{"b":"2","a":"1"},"annotations":{"long":"${'word '.repeat(40)}end"}},
  "numbers":[1,1.0,1e3,-0,9007199254740993,0.1],"empty":{"map":{},"list":[],"text":"","null":null},"flags":[true,false],
  "lists":[[1,[2]],[{"a":[{"b":"c"}]}]],"script":"#!/bin/sh\\nset -e\\n\\necho \\"done\\"\\n","kept":"x\\n\\n","stripped":"a\\nb"}`) as object),
  strings: NASTY_STRINGS,
  keys: Object.fromEntries(NASTY_STRINGS.filter((text) => text.length < 100).map((text) => [text, 1])),
} as unknown as KubernetesObject

test.each(['YAML', 'JSON'] as const)('%s is printed as it has always been', async (format) => {
  const { bytes } = renderObject(object, { format, hasStatus: true })
  const file = new URL(`sample.${format.toLowerCase()}.txt`, GOLDEN)
  expect(Buffer.from(bytes).equals(await readFile(file))).toBe(true)
})
