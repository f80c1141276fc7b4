// Stands in for a part that a checkpoint lacks.
import { ModelError } from '../inference/model-error.ts'

/** Says what is missing as soon as a node asks it for anything. */
export function missingPart<T extends object>(name: string, part: string, advice: string): T {
  // What every object answers, and `then` by which a promise is told from a value, is let through.
  const harmless = (key: string | symbol) =>
    typeof key === 'symbol' || key === 'then' || key in Object.prototype
  return new Proxy({} as T, {
    get(target, key) {
      if (harmless(key)) return Reflect.get(target, key)
      throw new ModelError(`${name} holds no ${part}. ${advice}, or choose another checkpoint.`)
    },
  })
}
