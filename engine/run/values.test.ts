import { LosslessNumber } from 'lossless-json'
import { describe, expect, it, test } from 'vitest'
import {
  type Field,
  float,
  int,
  type NodeType,
  optional,
  seed,
  socket,
  text,
  toggle,
} from '../nodes/define.ts'
import { InputError } from './run-error.ts'
import { argumentsOf, bindLinked, bindLiteral, gather, markFloat } from './values.ts'

const intField = int({ default: 0 })
const floatField = float({ default: 0 })
const anySocket = socket('*')

test('a whole FLOAT stays one up to where its type is known', () => {
  const given = markFloat('FLOAT', 2)
  expect(bindLinked('any', anySocket, given)).toEqual(new LosslessNumber('2.0'))
  expect(bindLinked('number', floatField, given)).toBe(2)
  expect(bindLinked('whole', intField, given)).toBe(2)
  expect(markFloat('FLOAT', [1, 0.5])).toEqual([new LosslessNumber('1.0'), 0.5])
  expect(markFloat('INT', 2)).toBe(2)
})

describe('bindLiteral', () => {
  it.each<[string, Field, unknown, unknown]>([
    ['a number', intField, 8, 8],
    ['a text', intField, '8', 8],
    ['a fraction', intField, 8.7, 8],
    ['a negative fraction', intField, -8.7, -8],
    ['8.0', intField, new LosslessNumber('8.0'), 8],
    ['true', intField, true, 1],
    ['a small seed', seed(), 5, 5n],
    ['a large seed', seed(), 2n ** 64n - 1n, 2n ** 64n - 1n],
    ['a seed as text', seed(), '18446744073709551615', 2n ** 64n - 1n],
    ['a wrapped value', intField, { __value__: 3 }, 3],
    ['a whole number', floatField, 5, 5],
    ['5.0', floatField, new LosslessNumber('5.0'), 5],
    ['1e-3', floatField, new LosslessNumber('1e-3'), 0.001],
    ['a text', floatField, '0.5', 0.5],
    ['a number', text(), 8, '8'],
    ['8.0', text(), new LosslessNumber('8.0'), '8.0'],
    ['a text', text(), 'a', 'a'],
    ['0', toggle(), 0, false],
    ['grouped digits, as Python has them', intField, '1_000', 1000],
    ['an empty list', toggle(), [], false],
    ['0.0', toggle(), new LosslessNumber('0.0'), false],
    ['a text', toggle(), 'false', true],
    ['a wrapped list', anySocket, { __value__: ['a', 1] }, ['a', 1]],
    ['5.0 as it is written', anySocket, new LosslessNumber('5.0'), new LosslessNumber('5.0')],
  ])('%s becomes what %o takes', (_, field, written, expected) => {
    expect(bindLiteral('x', field, written)).toEqual(expected)
  })

  it.each<[Field, unknown]>([
    [intField, 'eight'],
    [intField, ''],
    [intField, null],
    [intField, [1]],
    [floatField, 'x'],
    [floatField, ''],
    [floatField, {}],
  ])('%o refuses %o, naming the input', (field, written) => {
    expect(() => bindLiteral('steps', field, written)).toThrow(InputError)
    expect(() => bindLiteral('steps', field, written)).toThrow('“steps”')
  })
})

describe('bindLinked', () => {
  it('gives numbers the form the field promises', () => {
    expect(bindLinked('x', seed(), 5)).toBe(5n)
    expect(bindLinked('x', intField, 5n)).toBe(5)
    expect(bindLinked('x', floatField, 5n)).toBe(5)
  })

  it('hands a bigint only to fields that take one', () => {
    expect(() => bindLinked('width', intField, 2n ** 60n)).toThrow(InputError)
    expect(() => bindLinked('width', intField, 2n ** 60n)).toThrow('too large for “width”')
    expect(() => bindLiteral('width', intField, 1e300)).toThrow('too large for “width”')
    expect(() => bindLiteral('seed', seed(), new LosslessNumber('1e999'))).toThrow('too large')
    expect(bindLinked('x', socket('INT'), 2n ** 60n)).toBe(2n ** 60n)
    const wide: Field = {
      ...intField,
      widget: { ...(intField.widget as object), max: 2n ** 63n - 1n } as never,
    }
    expect(bindLinked('x', wide, 2n ** 60n)).toBe(2n ** 60n)
  })

  it('leaves everything else as it came', () => {
    const tensor = { shape: [0], data: new Float32Array() }
    expect(bindLinked('x', intField, tensor)).toBe(tensor)
    expect(bindLinked('x', text(), 5)).toBe(5)
  })
})

describe('gather', () => {
  const type = {
    inputs: { a: anySocket, b: optional(int({ default: 7 })), c: optional(socket('IMAGE')) },
    outputs: {},
  } as unknown as NodeType
  const slots: Record<string, unknown[]> = { one: [1], many: [1, 2, 3] }
  const lists = (inputs: Record<string, unknown>) =>
    gather(type, inputs, {}, new Set(), ([id]) => slots[id]!)

  it('fills in defaults of absent optional inputs, and leaves sockets out', () => {
    expect(lists({ a: 1 })).toEqual({ a: [1], b: [7] })
  })

  it('passes undeclared links, not undeclared literals', () => {
    expect(lists({ a: 1, more: ['many', 0], text: 'x' })).toEqual({
      a: [1],
      b: [7],
      more: [1, 2, 3],
    })
  })

  it('names what is missing', () => {
    expect(() => lists({ b: 1 })).toThrow('“a” has neither a value nor a link')
  })
})

describe('argumentsOf', () => {
  it('repeats the last of shorter lists', () => {
    expect(argumentsOf({ a: [1, 2, 3], b: ['x', 'y'], c: [true] }, false)).toEqual([
      { a: 1, b: 'x', c: true },
      { a: 2, b: 'y', c: true },
      { a: 3, b: 'y', c: true },
    ])
  })

  it('calls once without inputs, and never with an empty list', () => {
    expect(argumentsOf({}, false)).toEqual([{}])
    expect(argumentsOf({ a: [], b: [1] }, false)).toEqual([])
  })

  it('gives whole lists to a node that takes them', () => {
    expect(argumentsOf({ a: [1, 2] }, true)).toEqual([{ a: [1, 2] }])
  })
})
