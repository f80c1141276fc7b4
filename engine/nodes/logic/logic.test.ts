import { describe, expect, test } from 'vitest'
import type { RunContext } from '../define.ts'
import { evaluateExpression } from '../math-expression.ts'
import { comfyMathExpression } from './comfy-math-expression.ts'
import { comfySwitchNode } from './comfy-switch-node.ts'

const context = {} as RunContext

describe('ComfySwitchNode', () => {
  test.each([
    [true, 'on_true', 2],
    [false, 'on_false', 1],
  ])('at %s needs and hands on %s only', async (on, needed, value) => {
    expect(comfySwitchNode.needs!({ switch: on })).toEqual([needed])
    const inputs = { switch: on, on_false: 1, on_true: 2 }
    expect(await comfySwitchNode.run(inputs, context)).toEqual({ output: value })
  })
})

describe('expressions', () => {
  // Python's answers for expressions of ComfyUI's templates, and for what differs in JavaScript.
  test.each([
    ['max(5, round(a * 24)) + (5 - (max(5, round(a * 24)) % 17)) % 17', { a: 3.5 }, 90],
    ['(a % 4 == 1) and ((b - 1) % 4 == 0)', { a: 5, b: 9 }, 1],
    ['4 * ceil((a - b * c + c - 1) / 4) + 1', { a: 30, b: 2, c: 3 }, 29],
    ['max(4, (int(a) // 16) * 16)', { a: 100.7 }, 96],
    ['ceil(1.5 * log2(max(a, b))) + 2', { a: 1024, b: 512 }, 17],
    ['a % b if b > 0 else 0', { a: 7, b: 0 }, 0],
    ['b if b > 0 else a', { a: 7, b: 3 }, 3],
    ['a & ~1', { a: 7 }, 6],
    ['a & -8', { a: 61 }, 56],
    ['floor (a * b + 1)', { a: 2.5, b: 3 }, 8],
    ['-7 // 2', {}, -4],
    ['-7 % 3', {}, 2],
    ['2 ** 3 ** 2', {}, 512],
    ['-2 ** 2', {}, -4],
    ['1 < a < 3', { a: 3 }, 0],
    ['not a or 5', { a: 1 }, 5],
    ['round(2.5) + round(3.5)', {}, 6],
    ['1 << 4 | 3', {}, 19],
    ['.5 + 1e1', {}, 10.5],
  ])('%s with %o is %d', (expression, values, result) => {
    expect(evaluateExpression(expression, values)).toBeCloseTo(result, 9)
  })

  test.each([
    ['a / b', { a: 1, b: 0 }, /divides by 0/],
    ['a + x', { a: 1 }, /"x" is not known/],
    ['constructor', {}, /not known/],
    ['1 constructor 2', {}, /where it should end/],
    [`${'('.repeat(400)}1${')'.repeat(400)}`, {}, /nested too deeply/],
    [`${'not '.repeat(200)}1`, {}, /nested too deeply/],
    ['toString(1)', {}, /no function/],
    ['(1 + 2', {}, /lacks "\)"/],
    ['1 2', {}, /where it should end/],
    ['1 +', {}, /ends too early/],
    ['a[0]', { a: 1 }, /unknown at "\[0\]"/],
    ['1.5 & 1', {}, /no whole number/],
    ['9 ** 9 ** 9', {}, /Infinity/],
    ['('.repeat(2000), {}, /longer than/],
  ])('%s with %o is refused', (expression, values, problem) => {
    expect(() => evaluateExpression(expression, values)).toThrow(problem)
  })

  test('the node gives the result as number, whole number and truth', async () => {
    const inputs = { expression: 'a / b - c', 'values.a': 7, 'values.b': 2n, 'values.c': true }
    const answer = await comfyMathExpression.run(inputs as never, context)
    expect(answer).toEqual({ FLOAT: 2.5, INT: 2, BOOL: true })
    const word = { expression: 'a', 'values.a': 'seven' }
    expect(() => comfyMathExpression.run(word as never, context)).toThrow(
      /values\.a is not a number/,
    )
  })
})
