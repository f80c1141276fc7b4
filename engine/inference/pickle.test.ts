import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ModelError } from './model-error.ts'
import { openPickle } from './pickle.ts'
import { unpickle } from './pickle-machine.ts'
import { readFloats, weight } from './weights.ts'

const fixture = (name: string) => resolve(import.meta.dirname, 'fixtures', name)
const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-pickle-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a zip with weights under "params": names, shapes and values', () => {
  const weights = openPickle(fixture('compact_x4_params.pth'))
  expect(weights.tensors.size).toBe(17)
  expect(weight(weights, 'body.0.weight').shape).toEqual([16, 3, 3, 3])
  expect(weight(weights, 'body.0.weight').type).toBe('F16')
  expect(readFloats(weight(weights, 'body.9.weight')).slice(0, 2)).toEqual(
    Float32Array.of(0.9970703125, 1.0146484375),
  )
})

test('weights alone under another name', () => {
  const { tensors } = openPickle(fixture('only_key.pth'))
  expect([...tensors.keys()]).toEqual(['first.weight', 'first.bias'])
})

test('a textual inversion as the first of them were kept', () => {
  const { tensors } = openPickle(fixture('parameter_dict.pt'))
  expect([...tensors.keys()]).toEqual(['string_to_param.*'])
  expect(readFloats(tensors.get('string_to_param.*')!)).toEqual(Float32Array.of(0, 1, 2, 3, 4, 5))
})

test('losses and class names beside the weights are passed over', () => {
  const { tensors } = openPickle(fixture('lightning.ckpt'))
  expect([...tensors.keys()]).toEqual(['model.weight'])
  expect(readFloats(tensors.get('model.weight')!)).toEqual(Float32Array.of(0, 1, 2, 3))
})

test('the old form: values behind five pickles', () => {
  const weights = openPickle(fixture('compact_x2_legacy.pth'))
  expect(weights.tensors.size).toBe(17)
  const values = readFloats(weight(weights, 'body.1.weight'))
  expect(values).toHaveLength(16)
  expect(values.every(value => Math.abs(value - 1) <= 0.125)).toBe(true)
})

test('a call into Python is refused by name, in a zip and in the old form', () => {
  // {'a': os.system('echo hi')} as pickle protocol 2
  const evil = Buffer.concat([
    Buffer.from('\x80\x02}q\x00X\x01\x00\x00\x00aq\x01cposix\nsystem\nq\x02X', 'latin1'),
    Buffer.from('\x07\x00\x00\x00echo hiq\x03\x85q\x04Rq\x05s.', 'latin1'),
  ])
  const file = join(folder, 'evil.pt')
  writeFileSync(file, evil)
  expect(() => openPickle(file)).toThrow(ModelError)
  expect(() => openPickle(file)).toThrow(/evil\.pt was not opened.*posix\.system/)
})

test('cut files are refused', () => {
  for (const name of ['compact_x4_params.pth', 'compact_x2_legacy.pth']) {
    const bytes = readFileSync(fixture(name))
    for (const share of [0.02, 0.5, 0.98]) {
      const file = join(folder, name)
      writeFileSync(file, bytes.subarray(0, Math.floor(bytes.length * share)))
      expect(() => openPickle(file), `${name} ${share}`).toThrow(/was not opened/)
    }
  }
})

test.each([
  ['none', 'N.', null],
  ['ints', '(K\x01M\x00\x01J\xff\xff\xff\xfft.', [1, 256, -1]],
  ['longs', '\x8a\x01\xff.', -1],
  ['a float', 'G\x3f\xf8\x00\x00\x00\x00\x00\x00.', 1.5],
  ['memo', ']q\x05(K\x01e(h\x05h\x05t.', [[1], [1]]],
  [
    'a dictionary',
    '}(U\x01aK\x01U\x01b\x88u.',
    new Map<string, unknown>([
      ['a', 1],
      ['b', true],
    ]),
  ],
])('unpickles %s', (_, text, value) => {
  expect(unpickle(Buffer.from(text, 'latin1')).value).toEqual(value)
})

test.each([
  '(',
  '.',
  'h\x07.',
  'N',
  'e.',
  'K\x01u.',
  'cbuiltins\neval\n.',
  'ibuiltins\neval\n.',
  'R.',
])('refuses %j', text => {
  expect(() => unpickle(Buffer.from(text, 'latin1'))).toThrow()
})
