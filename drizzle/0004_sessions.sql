ALTER TABLE `accounts` ADD `tier` text;--> statement-breakpoint
ALTER TABLE `accounts` ADD `extras` text;--> statement-breakpoint
ALTER TABLE `accounts` ADD `fingerprint` text;--> statement-breakpoint
ALTER TABLE `accounts` ADD `tags` text;--> statement-breakpoint
ALTER TABLE `accounts` ADD `note` text;--> statement-breakpoint
CREATE INDEX `accounts_by_fingerprint` ON `accounts` (`fingerprint`);--> statement-breakpoint
CREATE INDEX `account_quotas_by_time` ON `account_quotas` (`updated_at`);