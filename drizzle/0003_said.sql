CREATE TABLE `background_turns` (
	`response_id` text PRIMARY KEY NOT NULL,
	`key_id` text NOT NULL,
	`instance` text NOT NULL,
	`expires_at` integer NOT NULL,
	`tries` integer NOT NULL,
	`cancelled` integer DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE INDEX `background_turns_by_expiry` ON `background_turns` (`expires_at`);--> statement-breakpoint
CREATE TABLE `completions` (
	`id` text PRIMARY KEY NOT NULL,
	`key_id` text NOT NULL,
	`model` text NOT NULL,
	`metadata` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `completions_by_key` ON `completions` (`key_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `completions_by_expiry` ON `completions` (`expires_at`);--> statement-breakpoint
CREATE TABLE `conversations` (
	`id` text PRIMARY KEY NOT NULL,
	`key_id` text NOT NULL,
	`metadata` text NOT NULL,
	`created_at` integer NOT NULL,
	`used_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `conversations_by_use` ON `conversations` (`used_at`);--> statement-breakpoint
CREATE TABLE `item_bodies` (
	`hash` text NOT NULL,
	`part` integer NOT NULL,
	`bytes` integer NOT NULL,
	`body` text NOT NULL,
	PRIMARY KEY(`hash`, `part`)
);
--> statement-breakpoint
CREATE INDEX `item_bodies_by_bytes` ON `item_bodies` (`bytes`);--> statement-breakpoint
CREATE TABLE `responses` (
	`id` text PRIMARY KEY NOT NULL,
	`key_id` text NOT NULL,
	`previous_id` text,
	`conversation_id` text,
	`conversation_end` integer,
	`status` text NOT NULL,
	`body` text NOT NULL,
	`tape` text,
	`affinity` integer NOT NULL,
	`bytes` integer NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `responses_by_previous` ON `responses` (`previous_id`);--> statement-breakpoint
CREATE INDEX `responses_by_expiry` ON `responses` (`expires_at`,`bytes`);--> statement-breakpoint
CREATE TABLE `said_items` (
	`owner_id` text NOT NULL,
	`position` integer NOT NULL,
	`side` text NOT NULL,
	`id` text NOT NULL,
	`hash` text NOT NULL,
	PRIMARY KEY(`owner_id`, `position`)
);
--> statement-breakpoint
CREATE INDEX `said_items_by_id` ON `said_items` (`id`);--> statement-breakpoint
CREATE INDEX `said_items_by_hash` ON `said_items` (`hash`);--> statement-breakpoint
ALTER TABLE `accounts` ADD `api` text;