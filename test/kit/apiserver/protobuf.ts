import { unsupportedMediaType } from './errors.ts'
import { isFields, type Fields } from './json.ts'
import { fieldsOfMessage, type FieldType } from './protobuf-messages.ts'
import { timestamp } from './object.ts'

export const PROTOBUF = 'application/vnd.kubernetes.protobuf'

/** `k8s` and a zero byte come before every message. */
const MAGIC = Buffer.from('k8s\0')

type Wire = bigint | Buffer

/**
 * The JSON form of a protobuf body: kubectl sends some builtin kinds only so.
 * @throws ApiError 415 for a kind or a field that is not known here, or bytes that are no such message
 */
export function decodeProtobuf(body: Buffer): Fields {
  if (!body.subarray(0, 4).equals(MAGIC)) throw unreadable('the magic number is missing')
  const envelope = new Map(readWire(body.subarray(4)))
  const kind = new Map(readWire(bytes(envelope.get(1))))
  const name = bytes(kind.get(2)).toString()
  return { apiVersion: bytes(kind.get(1)).toString(), kind: name, ...decodeMessage(name, bytes(envelope.get(2))) }
}

const unreadable = (why: string) =>
  unsupportedMediaType(`the embedded API server can't read this protobuf body (${why}): send application/json`)

const bytes = (value: Wire | undefined): Buffer => (Buffer.isBuffer(value) ? value : Buffer.alloc(0))

/** Field numbers with their undecoded values. */
function* readWire(data: Buffer): Generator<[number, Wire]> {
  let position = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = data[position++]
      if (byte === undefined) break
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw unreadable('it ends within a number')
  }
  while (position < data.length) {
    const tag = Number(varint())
    if ((tag & 7) === 0) yield [tag >> 3, varint()]
    else if ((tag & 7) === 2) {
      const length = Number(varint())
      if (position + length > data.length) throw unreadable('it ends within a field')
      yield [tag >> 3, data.subarray(position, position + length)]
      position += length
    } else throw unreadable(`wire type ${tag & 7}`)
  }
}

function decodeMessage(message: string, data: Buffer): Fields {
  const fields = fieldsOfMessage(message)
  if (fields === undefined) throw unreadable(`kind ${message}`)
  const decoded: Fields = {}
  for (const [number, value] of readWire(data)) {
    const field = fields.get(number)
    if (field === undefined) {
      if (isZero(value)) continue
      throw unreadable(`field ${number} of ${message}`)
    }
    addField(decoded, field, value)
  }
  return decoded
}

const isZero = (value: Wire): boolean => (Buffer.isBuffer(value) ? value.length === 0 : value === 0n)

function addField(target: Fields, { name, type, shape, keepsZero }: FieldType, value: Wire): void {
  if (shape === 'list') {
    const list = target[name]
    target[name] = [...(Array.isArray(list) ? list : []), decodeValue(type, value)]
    return
  }
  if (shape === 'map') {
    const entry = new Map(readWire(bytes(value)))
    const map = target[name]
    const key = bytes(entry.get(1)).toString()
    target[name] = { ...(isFields(map) ? map : {}), [key]: decodeValue(type, entry.get(2) ?? Buffer.alloc(0)) }
    return
  }
  const decoded = decodeValue(type, value)
  if (name === '') Object.assign(target, decoded)
  else if (keepsZero || !isEmpty(decoded)) target[name] = decoded
}

const isEmpty = (value: unknown): boolean =>
  value === '' || value === 0 || value === false || (isFields(value) && Object.keys(value).length === 0)

function decodeValue(type: string, value: Wire): unknown {
  switch (type) {
    case 'string':
      return bytes(value).toString()
    case 'bytes':
      return bytes(value).toString('base64')
    case 'bool':
      return value !== 0n
    case 'int':
      return integer(value)
    case 'Quantity':
      return bytes(new Map(readWire(bytes(value))).get(1)).toString()
    case 'IntOrString': {
      const parts = new Map(readWire(bytes(value)))
      return parts.get(1) === 1n ? bytes(parts.get(3)).toString() : integer(parts.get(2))
    }
    case 'Time': {
      const seconds = new Map(readWire(bytes(value))).get(1)
      return seconds === undefined ? '' : timestamp(new Date(integer(seconds) * 1000))
    }
    default:
      return decodeMessage(type, bytes(value))
  }
}

const integer = (value: Wire | undefined): number => (typeof value === 'bigint' ? Number(BigInt.asIntN(64, value)) : 0)
