INSERT INTO artifact_claim (batch_id, owner, until)
  VALUES ('ffffffffffffffffffffffffffffffff', 'host:boot:1:2:ab', 1795478648.3939874);
INSERT INTO batch (seq, batch_id, state, searched, row_count, sites, parts, series, partitions, completed, total_cells, done_cells, estimate_seconds, submitted_at, started_at, submitted_by, owner, fence, takeovers, lease_until, events)
  VALUES (1, '0123456789abcdef0123456789abcdef', 'PROCESSING', '
0123456789abcdef0123456789abcdef', 10, 2, 1, 2, 2, 1, 10, 6.0, 2.0, 1795478618.3760033, 1795478618.3830037, 'Ana', 'host:boot:1:2:ab', 1, 0, 1795478618.3840096, 7);
INSERT INTO timing (number, version, detail)
  VALUES (1, '0.1.0', '{"version":"0.1.0","cells":10,"series":2,"work_seconds":1.5,"start_seconds":0.5,"partitions":0,"prepare_seconds":0.0,"publish_seconds":0.0,"wall_seconds":0.0}');
INSERT INTO attempt (seq, partition, number, event, seconds, peak_mb)
  VALUES (1, 0, 1, 4, 1.5, 120.0);
INSERT INTO attempt (seq, partition, number, event)
  VALUES (1, 1, 1, 7);
INSERT INTO content (seq, settings, plan)
  VALUES (1, '{"$":"BatchSettings","horizon":null,"frequency":"auto","week_start":"monday","site_codes":{"$":"tuple","value":[]},"batch_mode":"auto","partition_strategy":"site","max_rows_per_partition":2000,"max_execution_time":300,"max_partitions":20,"max_parallel":null,"memory_limit_mb":2048,"forecast_start_date":null,"date_order":"auto","number_style":"auto","returns":"net","bad_rows":"fail","column_mapping":{},"rounding":"keep_total","zero_threshold":0.5,"quantiles":{"$":"tuple","value":[0.1,0.5,0.9]},"models":{"$":"tuple","value":[]},"service_level":0.95,"lead_time":null,"seed":7}', '{"$":"Plan","request":{"$":"ForecastRequest","calendar":{"$":"Calendar","frequency":{"$":"frequency","value":"M"},"week_start":0},"last_period":660,"skip":0,"horizon":3,"lead_time":3,"quantiles":{"$":"tuple","value":[0.1,0.5,0.9]},"models":{"$":"tuple","value":[]},"service_level":0.95,"rounding":"keep_total","zero_threshold":0.5,"folds":3,"seed":0},"partitions":{"$":"tuple","value":[{"$":"Partition","number":0,"ranges":{"$":"tuple","value":[{"$":"tuple","value":[0,1]}]},"sites":{"$":"tuple","value":["S0"]},"rows":6,"parts":1,"series":1,"cells":6},{"$":"Partition","number":1,"ranges":{"$":"tuple","value":[{"$":"tuple","value":[1,2]}]},"sites":{"$":"tuple","value":["S1"]},"rows":4,"parts":1,"series":1,"cells":4}]},"batch_mode":true,"rows":10,"sites":2,"parts":1,"series":2,"first_date":{"$":"date","value":"2020-01-01"},"last_date":{"$":"date","value":"2025-01-31"},"estimate_seconds":2.0,"single_job_seconds":4.0,"hints":{"$":"tuple","value":[]},"notes":{"$":"tuple","value":[]}}');
INSERT INTO event (seq, number, kind, state, detail, at)
  VALUES (1, 1, 'batch', 'PENDING', '{}', 1795478618.3780148);
INSERT INTO event (seq, number, kind, state, detail, at)
  VALUES (1, 2, 'batch', 'PROCESSING', '{"error":null}', 1795478618.3830037);
INSERT INTO event (seq, number, kind, detail, at)
  VALUES (1, 3, 'step', '{"step":"prepare","state":"done","seconds":0.5}', 1795478618.3840096);
INSERT INTO event (seq, number, kind, partition, state, detail, at)
  VALUES (1, 4, 'partition', 0, 'PROCESSING', '{"attempt":1,"seconds":null,"peak_mb":null,"reason":null,"error":null,"overall":0.0}', 1795478618.3850155);
INSERT INTO event (seq, number, kind, partition, detail, at)
  VALUES (1, 5, 'progress', 0, '{"progress":0.5,"overall":0.3}', 1795478618.3889985);
INSERT INTO event (seq, number, kind, partition, state, detail, at)
  VALUES (1, 6, 'partition', 0, 'COMPLETED', '{"attempt":1,"seconds":1.5,"peak_mb":120.0,"reason":null,"error":null,"overall":0.6}', 1795478618.3900044);
INSERT INTO event (seq, number, kind, partition, state, detail, at)
  VALUES (1, 7, 'partition', 1, 'PROCESSING', '{"attempt":1,"seconds":null,"peak_mb":null,"reason":null,"error":null,"overall":0.6}', 1795478618.392016);
INSERT INTO idempotency_key (digest, seq, fingerprint)
  VALUES ('2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683', 1, 'f');
INSERT INTO partition (seq, number, state, attempt, seconds, progress, started_at, result, checkpoint)
  VALUES (1, 0, 'COMPLETED', 1, 1.5, 1.0, 1795478618.385015, 'there', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc');
INSERT INTO partition (seq, number, state, attempt, progress, started_at)
  VALUES (1, 1, 'PROCESSING', 1, 0.0, 1795478618.392016);
INSERT INTO recipe (number, name, detail)
  VALUES (1, 'issues', '{"$":"Recipe","name":"issues","signature":"55555555555555555555555555555555","settings":{"date_order":"day_first","column_mapping":{"demand_qty":"Qty Out"}},"source":"january.csv","kept_on":{"$":"date","value":"2026-01-31"}}');
INSERT INTO past_reading (number, signature, detail)
  VALUES (1, '55555555555555555555555555555555', '{"$":"PastReading","signature":"55555555555555555555555555555555","source":"january.csv","rows":10,"first_date":{"$":"date","value":"2023-01-01"},"last_date":{"$":"date","value":"2026-01-31"},"read_on":{"$":"date","value":"2026-02-01"}}');
INSERT INTO audit (number, at, name, role, address, action, status, batch_id)
  VALUES (1, 1795478618.5, 'ani', 'planner', '10.0.0.7', 'submit', 202, '0123456789abcdef0123456789abcdef');
INSERT INTO audit (number, at, name, role, address, action, status, about)
  VALUES (2, 1795478619.5, 'budi', 'admin', '10.0.0.8', 'end_session', 204, 'ani');
INSERT INTO session (digest, name, role, basis, address, browser, began_at, seen_at, ends_at)
  VALUES ('dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', 'ani', 'planner', 'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee', '10.0.0.7', 'Chrome · Android', 1795478618.5, 1795478618.5, 32503680000.0);
INSERT INTO history_mark (number, scope, kind, site_code, partnumber, first, last, reason, name, at, removed_by, removed_at)
  VALUES (1, '', 'exclude', 'S0', 'P1', '2025-01-01', '2025-01-31', '"a project"', 'ani', 1795478618.5, 'budi', 1795478718.5);
INSERT INTO look (seq, digest, detail, at)
  VALUES (1, '9999999999999999999999999999999999999999999999999999999999999999', '{"$":"Tick","site_code":"S0","partnumber":"P1","kind":"one_off","name":"ani","at":{"$":"time","value":"2026-11-24T00:00:00+00:00"}}', 1795478618.5);
INSERT INTO saved_view (name, detail)
  VALUES ('short', '{"$":"SavedView","name":"short","query":"sort=units_short","kept_by":"ani","at":{"$":"time","value":"2026-11-24T00:00:00+00:00"}}');
