// Files that are made to do harm, or that are no model at all: each is refused in a sentence that names
// it, soon and without taking the process's memory.
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ModelError } from '../inference/model-error.ts'
import { openWeights } from '../inference/open-weights.ts'
import {
  joined,
  modelsPlace,
  type Place,
  refusal,
  sentenceMax,
  starter,
} from './fixtures/damaged.ts'

let place: Place
beforeAll(() => {
  place = modelsPlace()
})
afterAll(() => place.remove())

/** A pickle in the zip that PyTorch writes, without compression. */
function torchZip(pickle: Uint8Array): Uint8Array {
  const name = Buffer.from('archive/data.pkl')
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  const central = Buffer.alloc(46)
  central.writeUInt32LE(0x02014b50, 0)
  for (const [header, at] of [
    [local, 18],
    [central, 20],
  ] as const) {
    header.writeUInt32LE(pickle.length, at)
    header.writeUInt32LE(pickle.length, at + 4)
    header.writeUInt16LE(name.length, at + 8)
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt32LE(46 + name.length, 12)
  end.writeUInt32LE(30 + name.length + pickle.length, 16)
  return Buffer.concat([local, name, pickle, central, name, end])
}

const bytes = (...from: (string | readonly number[] | Uint8Array)[]) =>
  Buffer.concat(
    from.map(part =>
      typeof part === 'string' ? Buffer.from(part, 'latin1') : Uint8Array.from(part),
    ),
  )
const key = (name: string) => bytes([0x8c, name.length], name)

/** Dictionaries of ten entries each, every one the dictionary before: 10^9 ways to the innermost. */
function manyWays(levels = 9): Uint8Array {
  const out = [bytes('}q\x00')]
  for (let level = 0; level < levels; level++) {
    out.push(bytes('}('))
    for (let i = 0; i < 10; i++) out.push(key(`k${i}`), bytes('h', [level]))
    out.push(bytes('uq', [level + 1]))
  }
  return Buffer.concat([...out, bytes('.')])
}

/** The same of lists, in the place of a name. */
function endlessName(levels = 12): Uint8Array {
  const out = [bytes(']q\x00')]
  for (let level = 0; level < levels; level++) {
    out.push(bytes(']('))
    for (let i = 0; i < 10; i++) out.push(bytes('h', [level]))
    out.push(bytes('eq', [level + 1]))
  }
  const storage = bytes(
    key('storage'),
    'ctorch\nFloatStorage\n',
    'h',
    [levels],
    key('cpu'),
    'K\x01',
  )
  return Buffer.concat([...out, bytes('('), storage, bytes('tQ.')])
}

/** A tensor of any shape in a storage that is not there. */
const tensorOf = (shape: Uint8Array): Uint8Array =>
  bytes(
    '}',
    [...key('w')],
    'ctorch._utils\n_rebuild_tensor_v2\n((',
    [...key('storage')],
    'ctorch\nFloatStorage\n',
    [...key('0')],
    [...key('cpu')],
    'K\x01tQK\x00(',
    [...shape],
    't(',
    [...shape],
    'tK\x00}tRs.',
  )
const large = [0x8a, 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]

const heapMax = 700e6

/** Refused within the bounds on time and memory. */
async function expectRefused(name: string, file: Uint8Array, message: RegExp): Promise<void> {
  place.put('upscale_models', name, file)
  const startMs = performance.now()
  const before = process.memoryUsage().heapUsed
  const error = await refusal(() => place.store.upscaler(name))
  expect(error).toBeInstanceOf(ModelError)
  expect((error as Error).message).toContain(name)
  expect((error as Error).message).toMatch(message)
  expect((error as Error).message.length).toBeLessThan(sentenceMax)
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(heapMax)
  // A hang, not slowness: these take a second at most.
  expect(performance.now() - startMs).toBeLessThan(60_000)
}

describe('made to do harm', () => {
  const million = (text: string, count = 3e6) => Buffer.alloc(count * text.length, text, 'latin1')

  test.each<[string, () => Uint8Array, RegExp]>([
    ['dictionaries', () => bytes([...million('}', 0)]), /not opened/],
    ['many-dictionaries', () => Buffer.concat([million('}'), bytes('.')]), /more than any model/],
    ['many-marks', () => Buffer.concat([million('('), bytes('.')]), /more than any model/],
    [
      'many-tuples',
      () => Buffer.concat([bytes(']'), million('\x85'), bytes('.')]),
      /more than any/,
    ],
    ['much-memo', () => Buffer.concat([bytes('N'), million('\x94'), bytes('.')]), /more than any/],
    ['no-end', () => Buffer.concat([bytes('N'), million('N0', 3e6)]), /more than any model/],
    ['own-list', () => bytes(']q\x00h\x00a.'), /no tensors/],
    ['own-dictionary', () => bytes('}q\x00', [...key('params')], 'h\x00s.'), /no tensors/],
    [
      'own-dictionary-often',
      () =>
        bytes(
          '}q\x00(',
          ...[...'abcdefghijklmnop'].flatMap(name => [[...key(name)], 'h\x00']),
          'u.',
        ),
      /more than any model/,
    ],
    ['many-ways', manyWays, /more than any model/],
    ['endless-name', endlessName, /a name in it makes no sense/],
    ['deep', () => Buffer.concat([bytes(']'), million('\x85', 3e5), bytes('.')]), /no tensors/],
    [
      'no-dimensions',
      () => tensorOf(bytes(large, large, large, 'K\x00')),
      /makes no sense|missing/,
    ],
    [
      'endless-dimensions',
      () => tensorOf(Buffer.concat([bytes('K\x00'), ...Array(40).fill(bytes(large))])),
      /a tensor in it makes no sense/,
    ],
    ['beyond', () => tensorOf(bytes('K\x05')), /values of "w" are missing/],
    [
      'code',
      () => bytes('cos\nsystem\n', [...key('rm')], '\x85R.'),
      /wants to run Python code, "os\.system"/,
    ],
  ])('%s', (name, pickle, message) => expectRefused(`${name}.pth`, torchZip(pickle()), message))

  test('a zip bomb is not unpacked', async () => {
    const file = Buffer.from(torchZip(bytes('}.')))
    // Said to be compressed, and large.
    const central = file.indexOf(Buffer.from([0x50, 0x4b, 1, 2]))
    file.writeUInt16LE(8, central + 10)
    await expectRefused('bomb.pth', file, /compressed/)
    file.writeUInt16LE(0, central + 10)
    file.writeUInt32LE(0xffff_fff0, central + 24)
    await expectRefused('large.pth', file, /zip directory is damaged/)
  })

  const header = (text: string) => joined(text, new Uint8Array(8))
  test.each<[string, () => Uint8Array, RegExp]>([
    [
      'long',
      () => Buffer.from([255, 255, 255, 255, 255, 255, 255, 127, ...Buffer.from('{"a"')]),
      /not a safetensors/,
    ],
    ['deep', () => header('['.repeat(1e6)), /not valid JSON/],
    ['wide', () => header(`{"a":[${'{},'.repeat(2e6)}{}]}`), /tensor "a" has the unknown type/],
    ['larger', () => header(`{"a":[${'[],'.repeat(12e6)}[]]}`), /is not a safetensors file/],
    [
      'negative',
      () => header('{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,-8]}}'),
      /no valid shape/,
    ],
    [
      'backwards',
      () => header('{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}'),
      /do not fill/,
    ],
    [
      'beyond',
      () => header('{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}'),
      /incomplete/,
    ],
    [
      'nothing',
      () => header('{"a":{"dtype":"F32","shape":[0,9007199254740991],"data_offsets":[0,0]}}'),
      /no valid shape/,
    ],
    [
      'proto',
      () => header('{"__proto__":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
      /proto/,
    ],
    [
      'overlap',
      () =>
        header(
          '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[1],"data_offsets":[7,8]}}',
        ),
      /overlaps/,
    ],
  ])('%s.safetensors', (name, file, message) =>
    expectRefused(`${name}.safetensors`, file(), message),
  )
})

describe('what is no model', () => {
  const expectSays = (name: string, content: Uint8Array, message: RegExp) =>
    expectRefused(name, content, message)

  test('says what it is', async () => {
    await expectSays('empty.safetensors', new Uint8Array(), /It is empty/)
    await expectSays('empty.pth', new Uint8Array(), /It is empty/)
    await expectSays(
      'picture.safetensors',
      bytes('\x89PNG\r\n\x1a\n', '\x00'.repeat(40)),
      /a picture/,
    )
    await expectSays('photo.pth', bytes('\xff\xd8\xff\xe0', '\x00'.repeat(40)), /a picture/)
    await expectSays('small.gguf', bytes('GGUF', '\x00'.repeat(40)), /GGUF/)
    await expectSays('page.ckpt', bytes('<!doctype html>'), /web page/)
    await expectSays('zeros.safetensors', new Uint8Array(4096), /damaged or something else/)
    await expectSays('text.safetensors', bytes('{"model_type": "x", "more": 1}'), /a text file/)
  })

  test('a folder, a loop of links and a pipe are no files', () => {
    const at = (name: string) => join(place.folder, 'loras', name)
    mkdirSync(at('folder.safetensors'))
    symlinkSync('loop.safetensors', at('loop.safetensors'))
    symlinkSync('..', at('up'))
    place.put('loras', 'good.safetensors', starter)
    expect(() => openWeights(at('folder.safetensors'))).toThrow(/folder\.safetensors is a folder/)
    expect(() => openWeights(at('loop.safetensors'))).toThrow(/loop\.safetensors is a link that/)
    expect(() => openWeights(at('gone.safetensors'))).toThrow(/gone\.safetensors is gone/)
    // Neither stands in the way of the others.
    expect(place.store.list('loras')).toContain('good.safetensors')
    expect(place.store.list('loras').join()).not.toMatch(/loop|folder/)
  })

  test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'one that may not be read says so',
    () => {
      const file = place.put('loras', 'locked.safetensors', starter)
      chmodSync(file, 0o000)
      expect(() => openWeights(file)).toThrow(/locked\.safetensors may not be read/)
    },
  )
})
