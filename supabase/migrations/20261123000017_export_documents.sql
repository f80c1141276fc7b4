-- An export without the documents of stored workflows: a gigabyte of them does not fit into the memory
-- of a function, which reads them a few at a time instead.

drop function app.export_user(uuid);
create function app.export_user(person uuid, documents boolean default true) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_table record;
  v_rows jsonb;
  v_tables jsonb := '{}';
begin
  perform app.audit(person, 'account.exported');
  for v_table in
    select t.relation, t.person as owner, string_agg(format('%I', c.name), ', ') as names
    from app.declared_tables() t join app.declared_columns() c using (relation)
    where t.person <> 'none' and c.personal is distinct from 'internal'
      and (documents or (t.relation, c.name) <> ('public.workflow_versions', 'document'))
    group by t.relation, t.person
  loop
    execute format('select coalesce(jsonb_agg(to_jsonb(r)), ''[]'')
        from (select %s from %s where %I = $1) r',
      v_table.names, v_table.relation, v_table.owner) into v_rows using person;
    v_tables := v_tables || jsonb_build_object(split_part(v_table.relation, '.', 2), v_rows);
  end loop;
  return jsonb_build_object(
    'format', 'comfyrunner-account-1', 'exportedAt', app.now(), 'userId', person,
    'signIn', (select jsonb_build_object('email', u.email, 'emailConfirmedAt', u.email_confirmed_at,
        'createdAt', u.created_at, 'lastSignInAt', u.last_sign_in_at,
        'metadata', u.raw_user_meta_data, 'identities', (select coalesce(jsonb_agg(
          jsonb_build_object('provider', i.provider, 'data', i.identity_data,
            'createdAt', i.created_at, 'lastSignInAt', i.last_sign_in_at)), '[]')
          from auth.identities i where i.user_id = u.id))
      from auth.users u where u.id = person),
    'tables', v_tables);
end $$;
comment on function app.export_user(uuid, boolean) is
  'Everything held about a person. → {format: "comfyrunner-account-1", exportedAt, userId, '
  'signIn: {email, emailConfirmedAt, createdAt, lastSignInAt, metadata, identities: [{provider, '
  'data, createdAt, lastSignInAt}]}, tables: {<table>: [row, …], …}}: every column but those '
  'declared internal, under the columns'' names. Documents of stored workflows are '
  'tables.workflow_versions[].document, left out where `documents` is false. Writes an audit row.';
grant execute on function app.export_user(uuid, boolean) to service_role;
