import { expect, it } from 'vitest'
import { InputError } from './run-error.ts'
import { bindLiteral } from './values.ts'

it('a text where a model must be linked is refused with the mend; unions and objects pass', () => {
  const bind = (type: string, value: unknown) => bindLiteral('model', { type } as never, value)
  const refused = expect.objectContaining({
    message: '“model” takes a MODEL from another node, but was given "abc".',
    hint: 'Connect an output of type MODEL to it.',
  })
  expect(() => bind('MODEL', 'abc')).toThrow(refused)
  expect(() => bind('MODEL', 5)).toThrow(InputError)
  const object = {}
  expect(bind('MODEL', object)).toBe(object)
  for (const type of ['*', 'IMAGE,STRING']) expect(bind(type, 'abc')).toBe('abc')
})
