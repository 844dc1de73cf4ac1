INSERT INTO `ledger_hours` (`hour`, `key_id`, `account_id`, `model`, `turns`, `failures`, `gone`, `input_tokens`, `cached_tokens`, `output_tokens`, `reasoning_tokens`, `cost_ticks`, `total_ms`)
	SELECT strftime('%s', `day`) / 3600, `key_id`, '', '', `turns`, `failures`, 0, `input_tokens`, 0, `output_tokens`, 0, 0, 0 FROM `key_usage`;
--> statement-breakpoint
DROP TABLE `key_usage`;
