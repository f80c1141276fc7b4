import { expect, test } from 'vitest'
import { looksLikeTrackpad } from './trackpad.ts'

const wheel = (deltaX: number, deltaY: number, more = {}) => ({
  deltaX,
  deltaY,
  deltaMode: 0,
  ctrlKey: false,
  ...more,
})

test.each([
  ['a notch of a wheel', wheel(0, 120), false],
  ['a wheel that counts lines', wheel(0, 3, { deltaMode: 1 }), false],
  ['two fingers', wheel(2, -5), true],
  ['slow fingers', wheel(0, 1.5), true],
  ['a pinch', wheel(0, 4, { ctrlKey: true }), undefined],
])('%s', (_what, event, answer) => expect(looksLikeTrackpad(event)).toBe(answer))
