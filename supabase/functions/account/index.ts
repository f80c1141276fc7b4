// Entry on supabase.com (Deno). All of it is in _shared/app.ts.
import { makeApp } from '../_shared/app.ts'

const app = makeApp({ env: Deno.env.toObject() })
Deno.serve(
  { hostname: Deno.env.get('HOST') ?? '0.0.0.0', port: Number(Deno.env.get('PORT') ?? 8000) },
  request => app.fetch(request),
)
