CREATE TABLE `background_turns` (
	`response_id` text PRIMARY KEY NOT NULL,
	`key_id` text NOT NULL,
	`request` text NOT NULL,
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
	`body` text NOT NULL,
	`messages` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `completions_by_key` ON `completions` (`key_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `completions_by_expiry` ON `completions` (`expires_at`);--> statement-breakpoint
CREATE TABLE `conversation_items` (
	`conversation_id` text NOT NULL,
	`position` integer NOT NULL,
	`id` text NOT NULL,
	`hash` text NOT NULL,
	PRIMARY KEY(`conversation_id`, `position`)
);
--> statement-breakpoint
CREATE INDEX `conversation_items_by_id` ON `conversation_items` (`id`);--> statement-breakpoint
CREATE INDEX `conversation_items_by_hash` ON `conversation_items` (`hash`);--> statement-breakpoint
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
	`hash` text PRIMARY KEY NOT NULL,
	`body` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `response_items` (
	`response_id` text NOT NULL,
	`position` integer NOT NULL,
	`side` text NOT NULL,
	`id` text NOT NULL,
	`hash` text NOT NULL,
	PRIMARY KEY(`response_id`, `position`)
);
--> statement-breakpoint
CREATE INDEX `response_items_by_id` ON `response_items` (`id`);--> statement-breakpoint
CREATE INDEX `response_items_by_hash` ON `response_items` (`hash`);--> statement-breakpoint
CREATE TABLE `responses` (
	`id` text PRIMARY KEY NOT NULL,
	`key_id` text NOT NULL,
	`previous_id` text,
	`conversation_id` text,
	`status` text NOT NULL,
	`body` text NOT NULL,
	`tape` text,
	`affinity` integer NOT NULL,
	`bytes` integer NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`deleted_at` integer
);
--> statement-breakpoint
CREATE INDEX `responses_by_previous` ON `responses` (`previous_id`);--> statement-breakpoint
CREATE INDEX `responses_by_expiry` ON `responses` (`expires_at`);--> statement-breakpoint
ALTER TABLE `accounts` ADD `api` text;