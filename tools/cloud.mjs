// `npm run cloud`: the whole account cloud on this machine, under Node 24.
import { join } from 'node:path'
import { node24, root } from './node24.mjs'

process.exitCode = await node24([join(root, 'supabase/local/main.ts'), ...process.argv.slice(2)])
