import { expect, test } from 'vitest'
import { emptyDocument } from '../../graph/document.ts'
import { describeAll } from '../../nodes/define.ts'
import { nodeTypes } from '../../nodes/index.ts'
import { setValue } from './set-values.ts'

const catalogue = describeAll(nodeTypes.values(), { files: () => [] })

test('another option of a choice brings its inputs; those are set by their dotted names', () => {
  const prompt = {
    2: {
      class_type: 'ResizeImageMaskNode',
      inputs: { input: ['1', 0], resize_type: 'scale width', 'resize_type.width': 64 },
    },
  }
  const set = (assignment: string) => setValue(assignment, prompt, emptyDocument(), catalogue)
  set('2.resize_type=scale by multiplier')
  expect(prompt[2].inputs).toMatchObject({ 'resize_type.multiplier': 1 })
  set('2.resize_type.multiplier=2.5')
  expect(String(Object(prompt[2].inputs)['resize_type.multiplier'])).toBe('2.5')
})
