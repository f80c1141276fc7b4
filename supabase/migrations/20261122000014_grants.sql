-- Who may call what. Functions of `public` run as the caller, so the caller needs both halves.

grant execute on function
  public.my_account(), app.my_account(),
  public.update_profile(text), app.update_profile(text),
  public.update_mail_preferences(boolean, boolean), app.update_mail_preferences(boolean, boolean),
  public.usage_sync(uuid, text, jsonb, int, jsonb), app.usage_sync(uuid, text, jsonb, int, jsonb),
  public.revoke_device(uuid), app.revoke_device(uuid),
  public.save_workflow(text, text, uuid, int, uuid),
  app.save_workflow(uuid, text, text, int, uuid),
  public.rename_workflow(uuid, text), app.rename_workflow(uuid, text),
  public.remove_workflow(uuid), app.remove_workflow(uuid),
  public.list_workflows(), app.list_workflows(),
  public.open_workflow(uuid, int), app.open_workflow(uuid, int),
  public.workflow_history(uuid), app.workflow_history(uuid),
  public.share_workflow(uuid), app.share_workflow(uuid),
  public.unshare_workflow(uuid), app.unshare_workflow(uuid),
  public.cancel_deletion(), app.cancel_deletion()
to authenticated;

grant execute on function public.shared_workflow(text), app.shared_workflow(text)
to anon, authenticated, service_role;

grant execute on function
  app.now(), app.take_rate(text, int, int),
  app.audit(uuid, text, jsonb), app.account_of(uuid),
  app.suspend(uuid, text), app.unsuspend(uuid),
  app.claim_stripe_event(text, text, text, timestamptz), app.finish_stripe_event(text),
  app.fail_stripe_event(text, text, text, timestamptz, text),
  app.billing_customer(uuid), app.link_billing_customer(uuid, text),
  app.apply_subscription(jsonb, timestamptz), app.apply_invoice(jsonb, timestamptz),
  app.apply_refund(text, int), app.roll_periods(timestamptz),
  app.request_deletion(uuid), app.deletions_due(timestamptz),
  app.deletion_reminders_due(timestamptz),
  app.log_mail(uuid, text, text, text), app.mail_was_sent(text),
  app.export_user(uuid), app.erase_user(uuid), app.apply_retention(timestamptz)
to service_role;
