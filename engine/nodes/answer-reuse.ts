// What the nodes share that leave out looks at the network.
import type { AnswerReuse } from '../sampling/answer-reuse.ts'
import { float, socket, toggle } from './define.ts'

export const reuseFields = {
  model: socket('MODEL'),
  reuse_threshold: float({
    default: 0.2,
    min: 0,
    max: 3,
    step: 0.01,
    about:
      'How much may be left out: higher is quicker and further from the full picture. 0: none.',
  }),
  start_percent: float({
    default: 0.15,
    min: 0,
    max: 1,
    step: 0.01,
    about: 'Share of the run up to which every step is computed.',
  }),
  end_percent: float({
    default: 0.95,
    min: 0,
    max: 1,
    step: 0.01,
    about: 'Share of the run from which every step is computed.',
  }),
  verbose: toggle({ about: 'Tells of each step that is left out on the error stream.' }),
}

interface Values {
  reuse_threshold: number
  start_percent: number
  end_percent: number
  verbose: boolean
}

export const reuseOf = (values: Values): AnswerReuse => ({
  threshold: values.reuse_threshold,
  start: values.start_percent,
  end: values.end_percent,
  told: values.verbose ? line => process.stderr.write(`${line}\n`) : undefined,
})
