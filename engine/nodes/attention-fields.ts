// What nodes share that multiply attention.
import { float } from './define.ts'

const factor = { default: 1, min: 0, max: 10, step: 0.01 }

export const attentionFields = {
  q: float({ ...factor, about: 'What each place looks for.' }),
  k: float({ ...factor, about: 'What it is found by.' }),
  v: float({ ...factor, about: 'What is passed on.' }),
  out: float({ ...factor, about: 'The whole answer.' }),
}
