// What the tests of local-*.test.ts talk to: the local cloud, or with SUPABASE_URL (and
// SUPABASE_PUBLISHABLE_KEY, SUPABASE_SECRET_KEY) a real Supabase, to hold the double against it.
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { type LocalCloud, startCloud } from '../local/cloud.ts'

export interface Stack {
  url: string
  publishableKey: string
  secretKey: string
  /** Our own controls: mails, Google, the database. Absent on a real stack. */
  local: LocalCloud | undefined
  /** A new client with its own memory, as each device or window has. */
  client(): SupabaseClient
  admin: SupabaseClient
  /** A verified account under a name of its own, and a client signed in to it. */
  person(name: string): Promise<Person>
  stop(): Promise<void>
}

export interface Person {
  id: string
  email: string
  client: SupabaseClient
}

export const goodPassword = 'a-good-password-1'
export const onRealStack = Boolean(process.env.SUPABASE_URL)

export async function openStack(): Promise<Stack> {
  const local = onRealStack ? undefined : await startCloud()
  const url = local?.url ?? setting('SUPABASE_URL')
  const publishableKey = local?.publishableKey ?? setting('SUPABASE_PUBLISHABLE_KEY')
  const secretKey = local?.secretKey ?? setting('SUPABASE_SECRET_KEY')
  const client = () => createClient(url, publishableKey, { auth: { ...memory() } })
  const admin = createClient(url, secretKey, { auth: { persistSession: false } })
  const created: string[] = []
  return {
    url,
    publishableKey,
    secretKey,
    local,
    client,
    admin,
    async person(name) {
      const email = uniqueEmail(name)
      const account = { email, password: goodPassword, email_confirm: true }
      const { data, error } = await admin.auth.admin.createUser(account)
      if (error) throw error
      created.push(data.user.id)
      const signedIn = client()
      const result = await signedIn.auth.signInWithPassword({ email, password: goodPassword })
      if (result.error) throw result.error
      return { id: data.user.id, email, client: signedIn }
    },
    async stop() {
      for (const id of created) await admin.auth.admin.deleteUser(id)
      await local?.stop()
    },
  }
}

let count = 0
/** Never the same twice, also on a stack that other runs have used. */
export const uniqueEmail = (name: string) => `${name}-${Date.now()}-${count++}@comfyrunner.test`

function setting(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`Tests against a real stack need ${name}. See docs/deploy.md.`)
  return value
}

/** As the app sets its client up. */
function memory() {
  const kept = new Map<string, string>()
  return {
    flowType: 'pkce' as const,
    autoRefreshToken: false,
    detectSessionInUrl: false,
    persistSession: true,
    storage: {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    },
  }
}
