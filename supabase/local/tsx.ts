// Lets plain Node load the mails' .tsx files: its type stripping knows no JSX. Import this before
// functions/_shared/app.ts (`import './tsx.ts'`). Deno and vitest need no hook. The transform is
// rolldown's, which vite brings along.
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'rolldown/utils'

registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith('file:') || !url.endsWith('.tsx')) return nextLoad(url, context)
    const path = fileURLToPath(url)
    const { code, errors } = transformSync(path, readFileSync(path, 'utf8'), {
      lang: 'tsx',
      jsx: { runtime: 'automatic', development: false },
    })
    if (errors.length) throw new SyntaxError(`${path}: ${errors[0]!.message}`)
    return { format: 'module', source: code, shortCircuit: true }
  },
})
