// Where the account's cloud is. Without one there is no account page and no limit.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { isSafeAddress } from '../host/http-client.ts'

/** Of a Supabase project: its address and its publishable key, which is no secret. */
export interface CloudConfig {
  url: string
  key: string
}

/** Passwords and tokens go there. */
const address = z.url().refine(isSafeAddress, 'must begin with https://')

const config = z.object({ url: address, key: z.string().min(1) })

/** `COMFYRUNNER_CLOUD_URL` and `_KEY`, else `cloud.json` of the resources. @throws Error when it is malformed */
export function cloudConfig(
  resources: string,
  env: Record<string, string | undefined> = process.env,
): CloudConfig | undefined {
  const file = join(resources, 'cloud.json')
  const given = env.COMFYRUNNER_CLOUD_URL
    ? { url: env.COMFYRUNNER_CLOUD_URL, key: env.COMFYRUNNER_CLOUD_KEY }
    : existsSync(file)
      ? JSON.parse(readFileSync(file, 'utf8'))
      : undefined
  if (given === undefined) return undefined
  const read = config.safeParse(given)
  if (!read.success)
    throw new Error(`The cloud’s address is not set up right: ${z.prettifyError(read.error)}`)
  return { ...read.data, url: read.data.url.replace(/\/+$/, '') }
}
