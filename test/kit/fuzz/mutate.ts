import type { Random } from '../../chaos/random.ts'

/** Bytes that stand for much in some format: ends, signs, digits, the bits that continue a number. */
const TELLING = [0x00, 0x01, 0x0a, 0x20, 0x2d, 0x30, 0x37, 0x39, 0x3c, 0x3e, 0x66, 0x7f, 0x80, 0xff] as const

type Mutation = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer

const flipBit: Mutation = (bytes, random) => {
  const at = random.int(bytes.length)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(8))
  return bytes
}

const replaceByte: Mutation = (bytes, random) => {
  bytes[random.int(bytes.length)] = random.pick(TELLING)
  return bytes
}

const cutOut: Mutation = (bytes, random) => {
  const at = random.int(bytes.length)
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.int(16))])
}

const repeat: Mutation = (bytes, random) => {
  const at = random.int(bytes.length)
  const end = at + 1 + random.int(64)
  return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
}

const insert: Mutation = (bytes, random) => {
  const at = random.int(bytes.length)
  return Buffer.concat([bytes.subarray(0, at), noise(random, 1 + random.int(16)), bytes.subarray(at)])
}

const truncate: Mutation = (bytes, random) => bytes.subarray(0, random.int(bytes.length))

const splice: Mutation = (bytes, random, others) => {
  const other = random.pick(others)
  return Buffer.concat([bytes.subarray(0, random.int(bytes.length)), other.subarray(random.int(other.length + 1))])
}

const MUTATIONS: readonly Mutation[] = [
  flipBit,
  flipBit,
  replaceByte,
  replaceByte,
  cutOut,
  repeat,
  insert,
  truncate,
  splice,
]

/** Longer inputs find nothing that shorter ones do not. */
const MAX_BYTES = 1 << 16

/** One of the seeds with some damage; now and then as it is, or nothing but noise. */
export function mutate(seeds: readonly Buffer[], random: Random): Buffer {
  if (random.int(20) === 0) return noise(random, random.int(300))
  let bytes: Buffer = Buffer.from(random.pick(seeds))
  if (random.int(20) === 0) return bytes
  for (let left = 1 + random.int(4); left > 0 && bytes.length > 0; left--) {
    bytes = random.pick(MUTATIONS)(bytes, random, seeds)
  }
  return bytes.subarray(0, MAX_BYTES)
}

export function noise(random: Random, length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, () => random.int(256)))
}
