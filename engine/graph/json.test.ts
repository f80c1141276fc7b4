import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  isNumber,
  type Json,
  LosslessNumber,
  plainJson,
  plainNumber,
  readJson,
  sameJson,
  toNumber,
  writeJson,
} from './json.ts'

describe('numbers keep their spelling', () => {
  test.each([
    '5',
    '5.0',
    '0.1',
    '-0',
    '1e3',
    '1E-7',
    '0.0000001',
    '1.10',
    '18446744073709551615',
    '9007199254740993',
    '-9223372036854775807',
    '425.27801513671875',
    '0.30000000000000000001',
  ])('%s', literal => {
    const text = `{"a":[${literal}]}`
    expect(writeJson(readJson(text))).toBe(text)
  })

  test('any double and any whole number', () => {
    const literal = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.bigInt())
    fc.assert(
      fc.property(literal, number => {
        const text = Object.is(number, -0) ? '-0' : String(number)
        expect(writeJson(readJson(text))).toBe(text)
      }),
    )
  })
})

test("Python's NaN becomes null, in values only", () => {
  expect(readJson('{"a": NaN, "b": [-Infinity], "c": "x: NaN,"}')).toEqual({
    a: null,
    b: [null],
    c: 'x: NaN,',
  })
})

test('broken text says where', () => {
  expect(() => readJson('{"a": 1,}')).toThrow(/position 8/)
})

test('any JSON comes back the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      expect(sameJson(readJson(writeJson(value)), value as Json)).toBe(true)
    }),
  )
})

describe('sameJson', () => {
  it('tells 5 from 5.0 and finds equal objects whatever the order', () => {
    expect(sameJson(readJson('5'), readJson('5.0'))).toBe(false)
    expect(sameJson(readJson('{"a":1,"b":[2.0]}'), readJson('{"b":[2.0],"a":1}'))).toBe(true)
    expect(sameJson({ a: 1 }, { b: 1 })).toBe(false)
    expect(sameJson([1], { 0: 1 })).toBe(false)
    expect(sameJson(null, {})).toBe(false)
  })
})

test('plain numbers: small ones doubles, long whole ones exact', () => {
  expect(plainNumber(new LosslessNumber('8.0'))).toBe(8)
  expect(plainNumber(18446744073709551615n)).toBe(18446744073709551615n)
  expect(plainNumber(new LosslessNumber('7'))).toBe(7)
  expect(plainJson(readJson('{"a":[1.0,{"b":2.50}]}'))).toEqual({ a: [1, { b: 2.5 }] })
  expect(isNumber('1')).toBe(false)
  expect(toNumber(3n)).toBe(3)
})
