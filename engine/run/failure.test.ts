import { describe, expect, it } from 'vitest'
import { CycleError } from '../graph/order.ts'
import { PictureError } from '../image/picture-limits.ts'
import { ModelError } from '../inference/model-error.ts'
import { FileError } from '../nodes/files.ts'
import { failureOf, NodeFailure } from './failure.ts'
import { InputError, RunError } from './run-error.ts'

const system = (code: string, path?: string) =>
  Object.assign(new Error(`${code}: open`), { code, path })

describe('failureOf', () => {
  it.each<[string, unknown, object]>([
    [
      'a missing model',
      new ModelError('There is no x.'),
      { code: 'model_error', message: 'There is no x.' },
    ],
    [
      'a missing file',
      new FileError('There is no y.'),
      { code: 'file_error', message: 'There is no y.' },
    ],
    [
      'a picture that is not read',
      new PictureError('z.png is too large.'),
      { code: 'file_error', message: 'z.png is too large.' },
    ],
    [
      'a fault with a code of its own',
      new RunError('no_outputs', 'Nothing to do.', 'Add a Save Image.'),
      { code: 'no_outputs', message: 'Nothing to do.', hint: 'Add a Save Image.' },
    ],
    [
      'an input that does not fit',
      new InputError('steps', '“steps” takes a number.'),
      { code: 'bad_input', hint: 'Give “steps” another value.' },
    ],
    [
      'memory of the engine',
      new RangeError('Array buffer allocation failed'),
      { code: 'out_of_memory' },
    ],
    ['memory of onnxruntime', new Error('std::bad_alloc'), { code: 'out_of_memory' }],
    [
      'memory of a node',
      new Error('onnxruntime: Failed to allocate memory for requested buffer of size 10'),
      { code: 'out_of_memory' },
    ],
    [
      'a network that does not fit',
      new Error("Non-zero status code returned while running MatMul node. Name:'a'"),
      { code: 'inference_failed' },
    ],
    ['a full disk', system('ENOSPC'), { code: 'file_error', message: 'The disk is full.' }],
    [
      'a protected file',
      system('EACCES', '/a/b.png'),
      { code: 'file_error', message: 'The file may not be read or written. (/a/b.png)' },
    ],
    [
      'a cycle',
      new CycleError(['1', '2']),
      { code: 'cycle', node: '1', message: 'These nodes wait for each other: 1 → 2 → 1' },
    ],
    ['anything', new Error('Odd.'), { code: 'node_failed', message: 'Odd.' }],
    ['an error without words', new TypeError(), { code: 'node_failed', message: 'TypeError' }],
    ['what is not an error', 'plain text', { code: 'node_failed', message: 'plain text' }],
  ])('says %s', (_, thrown, expected) => {
    expect(failureOf(thrown, [])).toMatchObject({ type: 'failed', ...expected })
  })

  it('names the node, and keeps the trace out of the message', () => {
    const cause = new Error('Broken.\n    at somewhere (file.ts:1:1)')
    const failure = failureOf(new NodeFailure('7', 'KSampler', cause), ['1'])
    expect(failure).toMatchObject({
      node: '7',
      nodeType: 'KSampler',
      message: 'Broken.',
      exceptionType: 'Error',
      executed: ['1'],
    })
    expect(failure.traceback?.length).toBeGreaterThan(1)
  })

  it('keeps messages short', () => {
    expect(failureOf(new Error('x'.repeat(5000)), []).message.length).toBeLessThan(700)
  })
})
